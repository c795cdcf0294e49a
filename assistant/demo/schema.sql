-- The client area of an invented hosting company, as such a company would really have it.
-- Instants are UTC ("YYYY-MM-DD HH:MM:SS"), amounts are whole cents, booleans are 0 and 1.

CREATE TABLE staff (
    id INTEGER PRIMARY KEY,
    display_name VARCHAR(80) NOT NULL,
    work_email VARCHAR(254) NOT NULL UNIQUE,
    private_email VARCHAR(254),
    desk_phone VARCHAR(24),
    team VARCHAR(20) NOT NULL,
    hired_on DATE NOT NULL,
    left_on DATE
);
CREATE INDEX staff_by_work_email ON staff (work_email COLLATE NOCASE);
CREATE INDEX staff_by_private_email ON staff (private_email COLLATE NOCASE);

CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    code VARCHAR(20) NOT NULL UNIQUE,
    kind VARCHAR(10) NOT NULL CHECK (kind IN ('hosting', 'server', 'domain')),
    name VARCHAR(80) NOT NULL,
    monthly_cents INTEGER NOT NULL
);

CREATE TABLE clients (
    id INTEGER PRIMARY KEY,
    client_no VARCHAR(24) NOT NULL UNIQUE,
    first_name VARCHAR(60) NOT NULL,
    last_name VARCHAR(60) NOT NULL,
    patronymic VARCHAR(60),
    company VARCHAR(120),
    tax_id VARCHAR(20),
    email VARCHAR(254) NOT NULL,
    email_changed_at DATETIME,
    billing_email VARCHAR(254),
    phone VARCHAR(24),
    phone_changed_at DATETIME,
    language VARCHAR(5) NOT NULL,
    password_hash VARCHAR(120) NOT NULL,
    marketing_opt_in BOOLEAN DEFAULT 0,
    survey_opt_in BOOLEAN DEFAULT 0,
    restricted BOOLEAN DEFAULT 0,
    status VARCHAR(10) NOT NULL CHECK (status IN ('active', 'closed')),
    notes TEXT,
    created_at DATETIME,
    last_login_at DATETIME
);
CREATE INDEX clients_by_client_no ON clients (client_no COLLATE NOCASE);
CREATE INDEX clients_by_email ON clients (email COLLATE NOCASE);
CREATE INDEX clients_by_billing_email ON clients (billing_email COLLATE NOCASE);
CREATE INDEX clients_by_phone ON clients (phone);

CREATE TABLE client_profiles (
    client_id INTEGER PRIMARY KEY REFERENCES clients (id),
    gender VARCHAR(12),
    date_of_birth DATE,
    interests TEXT,
    segment VARCHAR(30),
    profiling_opt_in BOOLEAN NOT NULL DEFAULT 0,
    updated_at DATETIME NOT NULL
);

CREATE TABLE addresses (
    id INTEGER PRIMARY KEY,
    street VARCHAR(120) NOT NULL,
    postcode VARCHAR(12) NOT NULL,
    city VARCHAR(80) NOT NULL,
    country VARCHAR(2) NOT NULL
);

CREATE TABLE client_addresses (
    client_id INTEGER NOT NULL REFERENCES clients (id),
    address_id INTEGER NOT NULL REFERENCES addresses (id),
    kind VARCHAR(10) NOT NULL CHECK (kind IN ('home', 'invoice')),
    PRIMARY KEY (client_id, address_id, kind)
);
CREATE INDEX client_addresses_by_address ON client_addresses (address_id);

CREATE TABLE staff_discounts (
    id INTEGER PRIMARY KEY,
    staff_id INTEGER NOT NULL REFERENCES staff (id),
    client_id INTEGER NOT NULL UNIQUE REFERENCES clients (id),
    percent INTEGER NOT NULL,
    granted_on DATE NOT NULL
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    order_no VARCHAR(20) NOT NULL UNIQUE,
    product_id INTEGER NOT NULL REFERENCES products (id),
    ordered_at DATETIME NOT NULL,
    amount_cents INTEGER NOT NULL,
    order_ip VARCHAR(45),
    comment TEXT
);
CREATE INDEX orders_by_client ON orders (client_id);

CREATE TABLE services (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    hostname VARCHAR(120) NOT NULL UNIQUE,
    status VARCHAR(10) NOT NULL CHECK (status IN ('active', 'suspended', 'cancelled')),
    order_no VARCHAR(20),
    login_name VARCHAR(32),
    started_on DATE NOT NULL,
    ended_on DATE
);
CREATE INDEX services_by_client ON services (client_id);

CREATE TABLE ip_assignments (
    id INTEGER PRIMARY KEY,
    service_id INTEGER NOT NULL REFERENCES services (id),
    ip VARCHAR(45) NOT NULL,
    assigned_on DATE NOT NULL,
    released_on DATE
);
CREATE INDEX ip_assignments_by_service ON ip_assignments (service_id);

CREATE TABLE domains (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    name VARCHAR(120) NOT NULL UNIQUE,
    registry VARCHAR(40) NOT NULL,
    registrant_handle VARCHAR(20) NOT NULL,
    status VARCHAR(12) NOT NULL CHECK (status IN ('registered', 'released')),
    registered_on DATE NOT NULL,
    expires_on DATE NOT NULL
);
CREATE INDEX domains_by_client ON domains (client_id);

CREATE TABLE invoices (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    number VARCHAR(20) NOT NULL UNIQUE,
    issued_on DATE NOT NULL,
    due_on DATE NOT NULL,
    client_name VARCHAR(120) NOT NULL,
    client_email VARCHAR(254) NOT NULL,
    invoice_address VARCHAR(240) NOT NULL,
    tax_id VARCHAR(20),
    order_no VARCHAR(20),
    net_cents INTEGER NOT NULL,
    vat_cents INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    currency VARCHAR(3) NOT NULL,
    paid_on DATE,
    payment_reference VARCHAR(40),
    client_phone VARCHAR(24),
    card_last4 VARCHAR(4),
    payer_iban VARCHAR(34),
    viewed_from_ip VARCHAR(45),
    notes TEXT NOT NULL DEFAULT '',
    handed_to_collector_on DATE
);
CREATE INDEX invoices_by_client ON invoices (client_id);
CREATE INDEX invoices_by_email ON invoices (client_email COLLATE NOCASE);

CREATE TABLE invoice_lines (
    invoice_id INTEGER NOT NULL REFERENCES invoices (id),
    line_no INTEGER NOT NULL,
    invoiced_on DATE NOT NULL,
    description VARCHAR(160) NOT NULL,
    quantity INTEGER NOT NULL,
    unit_cents INTEGER NOT NULL,
    login_name VARCHAR(32),
    PRIMARY KEY (invoice_id, line_no)
);

CREATE TABLE payment_methods (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    kind VARCHAR(10) NOT NULL CHECK (kind IN ('card', 'sepa')),
    holder VARCHAR(120) NOT NULL,
    card_brand VARCHAR(20),
    card_last4 VARCHAR(4),
    card_expires VARCHAR(7),
    iban VARCHAR(34),
    processor_customer VARCHAR(40) NOT NULL UNIQUE,
    processor_token VARCHAR(60) NOT NULL,
    added_at DATETIME NOT NULL
);
CREATE INDEX payment_methods_by_client ON payment_methods (client_id);

CREATE TABLE payments (
    id INTEGER PRIMARY KEY,
    invoice_id INTEGER NOT NULL REFERENCES invoices (id),
    paid_at DATETIME NOT NULL,
    amount_cents INTEGER NOT NULL,
    method VARCHAR(10) NOT NULL,
    payer_name VARCHAR(120),
    processor_reference VARCHAR(40) NOT NULL
);
CREATE INDEX payments_by_invoice ON payments (invoice_id);

CREATE TABLE tickets (
    id INTEGER PRIMARY KEY,
    client_id INTEGER REFERENCES clients (id),
    requester_email VARCHAR(254) NOT NULL,
    requester_name VARCHAR(120),
    subject VARCHAR(160) NOT NULL,
    status VARCHAR(10) NOT NULL CHECK (status IN ('open', 'closed')),
    opened_at DATETIME NOT NULL
);
CREATE INDEX tickets_by_client ON tickets (client_id);
CREATE INDEX tickets_by_email ON tickets (requester_email COLLATE NOCASE);

CREATE TABLE ticket_messages (
    id INTEGER PRIMARY KEY,
    ticket_id INTEGER NOT NULL REFERENCES tickets (id),
    sent_at DATETIME NOT NULL,
    from_staff BOOLEAN NOT NULL,
    staff_name VARCHAR(80),
    body TEXT NOT NULL,
    sender_ip VARCHAR(45)
);
CREATE INDEX ticket_messages_by_ticket ON ticket_messages (ticket_id);

CREATE TABLE chats (
    id INTEGER PRIMARY KEY,
    client_id INTEGER REFERENCES clients (id),
    visitor_id VARCHAR(32),
    email VARCHAR(254),
    started_at DATETIME NOT NULL,
    staff_name VARCHAR(80)
);
CREATE INDEX chats_by_client ON chats (client_id);
CREATE INDEX chats_by_visitor ON chats (visitor_id);
CREATE INDEX chats_by_email ON chats (email COLLATE NOCASE);

CREATE TABLE chat_messages (
    id INTEGER PRIMARY KEY,
    chat_id INTEGER NOT NULL REFERENCES chats (id),
    sent_at DATETIME NOT NULL,
    sender VARCHAR(8) NOT NULL CHECK (sender IN ('visitor', 'staff')),
    body TEXT NOT NULL
);
CREATE INDEX chat_messages_by_chat ON chat_messages (chat_id);

CREATE TABLE call_notes (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    called_at DATETIME NOT NULL,
    phone VARCHAR(24) NOT NULL,
    seconds INTEGER NOT NULL,
    note TEXT NOT NULL,
    staff_name VARCHAR(80) NOT NULL,
    recording_path VARCHAR(160)
);
CREATE INDEX call_notes_by_client ON call_notes (client_id);

CREATE TABLE letters (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    kind VARCHAR(6) NOT NULL CHECK (kind IN ('mail', 'letter')),
    incoming BOOLEAN NOT NULL,
    sent_on DATE NOT NULL,
    subject VARCHAR(160) NOT NULL,
    body TEXT NOT NULL,
    staff_name VARCHAR(80)
);
CREATE INDEX letters_by_client ON letters (client_id);

CREATE TABLE abuse_reports (
    id INTEGER PRIMARY KEY,
    reference VARCHAR(20) NOT NULL UNIQUE,
    received_at DATETIME NOT NULL,
    reporter_client_id INTEGER REFERENCES clients (id),
    reporter_name VARCHAR(120) NOT NULL,
    reporter_email VARCHAR(254) NOT NULL,
    reporter_phone VARCHAR(24),
    reporter_ip VARCHAR(45),
    reported_domain VARCHAR(120) NOT NULL,
    kind VARCHAR(20) NOT NULL,
    description TEXT NOT NULL,
    staff_name VARCHAR(80),
    passed_on_at DATETIME
);
CREATE INDEX abuse_reports_by_client ON abuse_reports (reporter_client_id);
CREATE INDEX abuse_reports_by_email ON abuse_reports (reporter_email COLLATE NOCASE);

CREATE TABLE abuse_cases (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    report_reference VARCHAR(20) NOT NULL,
    opened_at DATETIME NOT NULL,
    domain VARCHAR(120) NOT NULL,
    outcome VARCHAR(20) NOT NULL,
    staff_note TEXT NOT NULL DEFAULT '',
    staff_name VARCHAR(80),
    handed_to_authority_on DATE
);
CREATE INDEX abuse_cases_by_client ON abuse_cases (client_id);

CREATE TABLE identity_documents (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    kind VARCHAR(16) NOT NULL,
    number VARCHAR(30) NOT NULL,
    country VARCHAR(2) NOT NULL,
    expires_on DATE NOT NULL,
    checked_on DATE NOT NULL,
    staff_name VARCHAR(80) NOT NULL
);
CREATE INDEX identity_documents_by_client ON identity_documents (client_id);

CREATE TABLE fraud_checks (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    order_no VARCHAR(20) NOT NULL,
    checked_at DATETIME NOT NULL,
    score INTEGER NOT NULL,
    outcome VARCHAR(10) NOT NULL,
    reasons TEXT NOT NULL
);
CREATE INDEX fraud_checks_by_client ON fraud_checks (client_id);

CREATE TABLE login_events (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    at DATETIME NOT NULL,
    ip VARCHAR(45) NOT NULL,
    user_agent VARCHAR(200) NOT NULL,
    succeeded BOOLEAN NOT NULL
);
CREATE INDEX login_events_by_client ON login_events (client_id);

CREATE TABLE visitors (
    visitor_id VARCHAR(32) PRIMARY KEY,
    client_id INTEGER REFERENCES clients (id),
    analytics_id VARCHAR(40) UNIQUE,
    ad_id VARCHAR(40),
    language VARCHAR(10) NOT NULL,
    region VARCHAR(40),
    device VARCHAR(60) NOT NULL,
    analytics_consent BOOLEAN NOT NULL DEFAULT 0,
    marketing_consent BOOLEAN NOT NULL DEFAULT 0,
    first_seen_at DATETIME NOT NULL,
    last_seen_at DATETIME NOT NULL
);
CREATE INDEX visitors_by_ad_id ON visitors (ad_id);
CREATE INDEX visitors_by_client ON visitors (client_id);

CREATE TABLE analytics_events (
    id INTEGER PRIMARY KEY,
    visitor_id VARCHAR(32) NOT NULL REFERENCES visitors (visitor_id),
    at DATETIME NOT NULL,
    event VARCHAR(30) NOT NULL,
    page VARCHAR(160) NOT NULL,
    seconds INTEGER NOT NULL,
    came_from VARCHAR(160)
);
CREATE INDEX analytics_events_by_visitor ON analytics_events (visitor_id);

CREATE TABLE ad_audiences (
    id INTEGER PRIMARY KEY,
    visitor_id VARCHAR(32) NOT NULL REFERENCES visitors (visitor_id),
    network VARCHAR(40) NOT NULL,
    audience VARCHAR(60) NOT NULL,
    added_at DATETIME NOT NULL
);
CREATE INDEX ad_audiences_by_visitor ON ad_audiences (visitor_id);

CREATE TABLE access_logs (
    id INTEGER PRIMARY KEY,
    client_id INTEGER REFERENCES clients (id),
    visitor_id VARCHAR(32) REFERENCES visitors (visitor_id),
    at DATETIME NOT NULL,
    ip VARCHAR(45) NOT NULL,
    user_agent VARCHAR(200) NOT NULL,
    language VARCHAR(10),
    path VARCHAR(160) NOT NULL,
    search_terms VARCHAR(120),
    milliseconds INTEGER NOT NULL
);
CREATE INDEX access_logs_by_client ON access_logs (client_id);
CREATE INDEX access_logs_by_visitor ON access_logs (visitor_id);

CREATE TABLE saved_carts (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    wished_domain VARCHAR(120),
    saved_at DATETIME NOT NULL
);
CREATE INDEX saved_carts_by_client ON saved_carts (client_id);

CREATE TABLE promo_redemptions (
    id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES clients (id),
    code VARCHAR(20) NOT NULL,
    order_no VARCHAR(20) NOT NULL,
    redeemed_at DATETIME NOT NULL
);
CREATE INDEX promo_redemptions_by_client ON promo_redemptions (client_id);

CREATE TABLE newsletter_subscriptions (
    id INTEGER PRIMARY KEY,
    email VARCHAR(254) NOT NULL,
    list_name VARCHAR(30) NOT NULL,
    first_name VARCHAR(60),
    language VARCHAR(5) NOT NULL,
    status VARCHAR(14) NOT NULL CHECK (status IN ('subscribed', 'paused', 'unsubscribed', 'restricted')),
    confirmed_at DATETIME NOT NULL,
    confirmed_from_ip VARCHAR(45),
    last_opened_at DATETIME,
    UNIQUE (email, list_name)
);
CREATE INDEX newsletter_subscriptions_by_email ON newsletter_subscriptions (email COLLATE NOCASE);

CREATE TABLE push_subscriptions (
    id INTEGER PRIMARY KEY,
    player_id VARCHAR(36) NOT NULL UNIQUE,
    client_id INTEGER REFERENCES clients (id),
    visitor_id VARCHAR(32) REFERENCES visitors (visitor_id),
    device VARCHAR(60) NOT NULL,
    subscribed_at DATETIME NOT NULL
);
CREATE INDEX push_subscriptions_by_client ON push_subscriptions (client_id);
CREATE INDEX push_subscriptions_by_visitor ON push_subscriptions (visitor_id);

CREATE TABLE survey_answers (
    id INTEGER PRIMARY KEY,
    client_id INTEGER REFERENCES clients (id),
    email VARCHAR(254),
    survey VARCHAR(40) NOT NULL,
    answered_at DATETIME NOT NULL,
    score INTEGER NOT NULL,
    remark TEXT,
    may_contact BOOLEAN NOT NULL DEFAULT 0
);
CREATE INDEX survey_answers_by_client ON survey_answers (client_id);
CREATE INDEX survey_answers_by_email ON survey_answers (email COLLATE NOCASE);
